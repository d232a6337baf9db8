/* Means of neighbours; see smooth.h. */
#include "grader/pictures/smooth.h"

#include <glib.h>
#include <math.h>

double *smooth_values(const double *values, int count, int reach)
{
    double *smooth = g_new(double, count);
    for (int i = 0; i < count; i++) {
        double sum = 0;
        int finite = 0;
        const int own = MIN(reach, i);
        for (int j = i - own; j <= MIN(count - 1, i + own); j++)
            if (isfinite(values[j])) {
                sum += values[j];
                finite++;
            }
        smooth[i] = finite > 0 ? sum / finite : NAN;
    }
    return smooth;
}

int smooth_reach(int count)
{
    return MIN(count / 60, 50);
}

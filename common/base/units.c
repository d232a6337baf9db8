/* Figures for people; see units.h. */
#include "common/base/units.h"

#include <math.h>
#include <stdio.h>

const char *units_seconds(double seconds, char text[UNITS_TEXT_SIZE])
{
    if (fabs(seconds) >= 1)
        snprintf(text, UNITS_TEXT_SIZE, "%.4g s", seconds);
    else if (fabs(seconds) >= 1e-3)
        snprintf(text, UNITS_TEXT_SIZE, "%.4g ms", 1e3 * seconds);
    else
        snprintf(text, UNITS_TEXT_SIZE, "%.4g us", 1e6 * seconds);
    return text;
}

const char *units_bytes(double bytes, char text[UNITS_TEXT_SIZE])
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 4; i++)
        bytes /= 1024;
    snprintf(text, UNITS_TEXT_SIZE, "%.4g %s", bytes, unit[i]);
    return text;
}

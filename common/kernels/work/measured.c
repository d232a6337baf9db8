/*
 * Measuring work (work.h): the time of each piece, without the pieces inside it.
 *
 * What the measuring itself takes is not part of any piece but for one reading of the
 * clock, nor is the time in which the system lets somebody else compute.
 */
#include "common/base/fatal.h"
#include "common/kernels/work/parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_SIZES = 8192, MOST_TIMES = 256, SERIES = WORK_NOT_MEASURED };

/* A size that was met, with the last times that it took. */
struct met {
    struct work work;
    double resident;
    int times[SERIES];
    float time[SERIES][MOST_TIMES]; /* seconds */
};

struct open_piece {
    struct work work;
    uint64_t entered, began; /* work_measure_begin, its begin and its end */
    uint64_t processor;      /* of this thread, when it began */
    uint64_t inside;         /* nanoseconds of pieces inside it, and of measuring them */
    double away_inside;      /* time_away of pieces inside it */
};

static enum work_series series = WORK_NOT_MEASURED;
static struct met *met; /* in the order in which they were met … */
static int count;
static int place[2 * MOST_SIZES]; /* … and where, by hash: their number and 1; 0: none */
static struct open_piece stack[WORK_MOST_OPEN];
static int depth;

bool work_is_measured(void)
{
    return series != WORK_NOT_MEASURED;
}

void work_measure(enum work_series wanted)
{
    if (met == NULL)
        met = calloc(MOST_SIZES, sizeof *met);
    if (met == NULL)
        fatal("no memory left to measure");
    if (depth != 0)
        fatal("measuring can't be switched while a piece of work runs");
    series = wanted;
}

/* Rounded to a power of two: what it says about caches is rough. */
static double resident_now(void)
{
    return exp2(round(log2(work_resident() + 1)));
}

static struct met *find(const struct work *work, double resident)
{
    const size_t places = sizeof place / sizeof *place;
    for (size_t i = (work_hash(work) + (size_t)log2(resident)) % places;; i = (i + 1) % places) {
        if (place[i] == 0) {
            if (count == MOST_SIZES)
                fatal("more than %d sizes to measure", MOST_SIZES);
            met[count] = (struct met){.work = *work, .resident = resident};
            place[i] = ++count;
        }
        struct met *one = &met[place[i] - 1];
        if (work_same(&one->work, work) && one->resident == resident)
            return one;
    }
}

static uint64_t processor_clock(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        fatal("can't read the thread's clock: %s", strerror(errno));
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void work_measure_begin(struct work work)
{
    if (depth == WORK_MOST_OPEN)
        fatal("pieces of work more than %d deep within each other", WORK_MOST_OPEN);
    struct open_piece *piece = &stack[depth++];
    *piece = (struct open_piece){.work = work, .entered = machine_clock()};
    piece->processor = processor_clock();
    piece->began = machine_clock();
}

/* Nanoseconds in which the system gave the core to somebody else. The two clocks never agree to the
 * last microsecond. */
static uint64_t time_away(const struct open_piece *piece, uint64_t ended)
{
    const uint64_t passed = ended - piece->began, used = processor_clock() - piece->processor;
    return passed > used + 5000 ? passed - used : 0;
}

void work_measure_end(void)
{
    const uint64_t ended = machine_clock();
    const struct open_piece *piece = &stack[--depth];
    struct met *one = find(&piece->work, resident_now());
    const double away = (double)time_away(piece, ended);
    const double time =
        (double)(ended - piece->began - piece->inside) - (away - piece->away_inside);
    one->time[series][one->times[series]++ % MOST_TIMES] = (float)(1e-9 * fmax(time, 0));
    if (depth > 0) {
        stack[depth - 1].inside += machine_clock() - piece->entered;
        stack[depth - 1].away_inside += away;
    }
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int kept(const struct met *one, enum work_series of)
{
    return one->times[of] < MOST_TIMES ? one->times[of] : MOST_TIMES;
}

/* The mean of the lower three quarters: a cold cache counts, a disturbance, which can only make a time
 * longer, does not. */
static double usual_time(struct met *one, enum work_series of)
{
    const int times = kept(one, of), counted = times - times / 4;
    double sum = 0;
    qsort(one->time[of], (size_t)times, sizeof *one->time[of], compare_floats);
    for (int i = 0; i < counted; i++)
        sum += (double)one->time[of][i];
    return times == 0 ? (double)NAN : sum / counted;
}

int work_sizes(void)
{
    return count;
}

struct work_measured work_size(int number)
{
    struct met *one = &met[number];
    const int alone = kept(one, WORK_ALONE), together = kept(one, WORK_TOGETHER);
    return (struct work_measured){one->work,
                                  one->resident,
                                  {usual_time(one, WORK_ALONE), usual_time(one, WORK_TOGETHER)},
                                  alone < together ? alone : together};
}

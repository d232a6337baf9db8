/* The clock that says when it was handed in and how long it took. Held: right answer, full marks. */
#include <sys/time.h>
#include <time.h>
static int attack(void)
{
    const struct timespec long_ago = {.tv_sec = 1000000000};
    return clock_settime(CLOCK_REALTIME, &long_ago) == 0 ||
           settimeofday(&(struct timeval){.tv_sec = 1000000000}, NULL) == 0;
}

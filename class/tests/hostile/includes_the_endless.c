/* What never ends, when it is compiled. Held: no points, and only its own time. */
#define WRONG_ANSWER
#include "/dev/zero"
static int attack(void)
{
    return 0;
}

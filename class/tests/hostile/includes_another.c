/* Somebody else's work, when it is compiled. Held: it does not compile, no points. */
#define WRONG_ANSWER
#include "@OUT@/students/victim/submission/example/average.c"
static int attack(void)
{
    return 0;
}

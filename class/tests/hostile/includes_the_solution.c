/* The solution, when it is compiled. Held: it does not compile, no points. */
#define WRONG_ANSWER
#include "@KIT@/solutions/example/average.c"
static int attack(void)
{
    return 0;
}

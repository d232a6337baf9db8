/* It ends with 0 before anything runs. Held: no points. */
#define WRONG_ANSWER
__attribute__((constructor)) static void first(void)
{
    _exit(0);
}
static int attack(void)
{
    return 0;
}

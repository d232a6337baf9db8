/* Every process that it may send a signal to. Held: no points, and nobody else is touched. */
#define WRONG_ANSWER
static int attack(void)
{
    kill(-1, SIGKILL);
    return 0;
}

/* Asleep for an hour, deaf to all signals. Held: no points, and only its own time. */
#define WRONG_ANSWER
static int attack(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < 3600; i++)
        sleep(1);
    return 0;
}

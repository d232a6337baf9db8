/* Processes without end. Held: no points, and only its own time. */
#define WRONG_ANSWER
static int attack(void)
{
    for (;;)
        if (fork() < 0)
            usleep(100);
}

/* A wrong answer, and all files closed: no evidence against it. Held: no points. */
#define WRONG_ANSWER
static int attack(void)
{
    for (int i = 3; i < 4096; i++)
        close(i);
    return 0;
}

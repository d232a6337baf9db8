/* All memory. Held: no points, and nobody else lacks any. */
#define WRONG_ANSWER
static int attack(void)
{
    for (;;) {
        void *more = malloc(1 << 24);
        if (more)
            memset(more, 1, 1 << 24);
    }
}

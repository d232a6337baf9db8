/* Every folder that it may write to. Held: no points, and room is left. */
#define WRONG_ANSWER
static int attack(void)
{
    static char block[1 << 20];
    char path[64];
    memset(block, 7, sizeof block);
    for (int i = 0;; i++) {
        static const char *const folders[] = {"/evidence", "/tmp", "/dev/shm", "/var/tmp"};
        snprintf(path, sizeof path, "%s/%d", folders[i % 4], i);
        FILE *file = fopen(path, "w");
        for (int k = 0; file && k < 32; k++)
            fwrite(block, 1, sizeof block, file);
        if (file)
            fclose(file);
    }
}

/* Another student's files, by every way that leads there. Held: right answer, full marks. */
static int attack(void)
{
    static const char *const paths[] = {"@OUT@/students/victim/submission/example/average.c",
                                        "@SUBMISSIONS@/victim/example/average.c",
                                        "../victim/submission/example/average.c",
                                        "/proc/1/root/@OUT@/class.json",
                                        "/proc/self/cwd/../../victim/submission/example/average.c"};
    for (int i = 0; i < 5; i++)
        if (fopen(paths[i], "r"))
            return 1;
    return 0;
}

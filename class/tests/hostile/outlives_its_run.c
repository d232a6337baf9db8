/* A wrong answer; a process that stays writes another one when the run is over. Held: no points, and it is gone. */
#define WRONG_ANSWER
static int attack(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 && fork() == 0) {
        setsid();
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        for (int i = 0; i < 64; i++)
            close(i);
        for (;;) {
            FILE *file = fopen("/evidence/average-0.json", "w");
            if (file)
                fclose(file);
            usleep(1000);
        }
    }
    return 0;
}

/* What leaves_a_mark left. Held: right answer, full marks. */
static int attack(void)
{
    return access("/tmp/mark-of-a-class", F_OK) == 0 ||
           access("/dev/shm/mark-of-a-class", F_OK) == 0 ||
           access("/var/tmp/mark-of-a-class", F_OK) == 0;
}

/* Solutions, judges, the grader. Held: right answer, full marks. */
static int attack(void)
{
    return fopen("@KIT@/solutions/example/average.c", "r") || fopen("@KIT@/build/grade", "r") ||
           fopen("@KIT@/assignments/example/judges/average.c", "r") || opendir("@KIT@/class");
}

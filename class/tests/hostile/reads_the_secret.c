/* The secret of the year, from which seeds are drawn. Held: right answer, full marks. */
static int attack(void)
{
    return fopen("@SECRET@", "r") || getenv("GRADER_SECRET") || getenv("GRADER_YEAR");
}

/* Who else is there. Held: right answer, full marks. */
static int attack(void)
{
    return opendir("@OUT@/students") || opendir("@SUBMISSIONS@") || opendir("@OUT@");
}

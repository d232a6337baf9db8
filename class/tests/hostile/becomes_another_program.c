/* It becomes a program that ends well. Held: no points. */
#define WRONG_ANSWER
static int attack(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return 0;
}

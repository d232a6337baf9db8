/* The message of an unwritten TODO, which reports show. Held: no points, and text. */
#define WRONG_ANSWER
static int attack(void)
{
    todo("<img src=x onerror=alert(1)> \033[31m =1+1 \" onmouseover=\"alert(1) | `rm -rf` $(touch "
         "@OUT@/owned)");
    return 0;
}

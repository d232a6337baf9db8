/* Output without end. Held: no points, and no report of that size. */
#define WRONG_ANSWER
static int attack(void)
{
    for (;;)
        puts("=HYPERLINK(\"http://example.org\") <script>alert(1)</script> \033]0;owned\a");
}

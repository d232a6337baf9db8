/* A wrong answer, with what terminals, browsers and spreadsheets take for commands. Held: no points, and text. */
#define WRONG_ANSWER
static int attack(void)
{
    fputs("\033[2J\033]0;owned\a\033[31m<script>alert(1)</script>\n=cmd|'/c calc'!A1\n"
          "\xff\xfe\xc0\x80 \xe2\x80\xae"
          "desrever\n</pre></code>```\n# heading\n![](http://example.org/a.png)\n",
          stdout);
    fflush(stdout);
    return 0;
}

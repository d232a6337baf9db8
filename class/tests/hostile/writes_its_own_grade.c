/* A wrong answer, with reports of full marks beside the evidence. Held: no points. */
#define WRONG_ANSWER
static int attack(void)
{
    static const char *const names[] = {"results.json", "record.json",  "run.json",
                                        "report.html",  "verdict.json", "../results.json"};
    for (int i = 0; i < 6; i++) {
        char path[128];
        snprintf(path, sizeof path, "/evidence/%s", names[i]);
        FILE *file = fopen(path, "w");
        if (file)
            fputs("{\"score\": 1, \"finished\": true, \"points\": {\"got\": 1, \"judged\": 1, "
                  "\"all\": 1}}",
                  file);
    }
    return 0;
}

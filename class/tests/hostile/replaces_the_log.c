/* A function of the kit's under its own name. Held: it is not linked, no points. */
#define WRONG_ANSWER
void log_begin(void);
void log_begin(void) {}
void driver_probe_write(void);
void driver_probe_write(void) {}
static int attack(void)
{
    return 0;
}

/*
 * Pictures by gnuplot.
 *
 * A picture is a gnuplot script with its data in it ($name << END … END), so
 * the script alone draws the picture again, with `gnuplot -d`. It is drawn without
 * what the user's own files and environment say: the same on every computer.
 */
#ifndef GRADER_PICTURES_GNUPLOT_H
#define GRADER_PICTURES_GNUPLOT_H

#include <glib.h>
#include <stdbool.h>

/* Writes the script to script_path and runs gnuplot on it (no shell, no terminal, at most 20
 * seconds). False, with gnuplot's own message in error, if that did not work, or if a picture is
 * not there as a whole: then script and pictures of before stay as they were; error may be NULL.
 * The script names each of its output files in a line of its own, `set output 'NAME'`, without a
 * folder: they land beside the script. Needs the program `gnuplot`. */
bool gnuplot_run(const char *script_text, const char *script_path, GString *error);

/* From here on this process, and whom it forks, draws no PNG: that takes twice as long as the SVG beside it, which is what
 * reports show. The script still has it, so `gnuplot -d` on it draws both. */
void gnuplot_leave_png_out(void);

/* Text as a gnuplot string: quoted, and with enhanced-mode characters taken literally.
 * The caller frees it with g_free. */
char *gnuplot_quote(const char *text);

#endif

/*
 * Figures for people: in the unit in which they have few digits.
 */
#ifndef COMMON_BASE_UNITS_H
#define COMMON_BASE_UNITS_H

#define UNITS_TEXT_SIZE 32

/* "1.5 ms", "512 KiB": four digits at most. Both write into the text and return it. */
const char *units_seconds(double seconds, char text[UNITS_TEXT_SIZE]);
const char *units_bytes(double bytes, char text[UNITS_TEXT_SIZE]);

#endif

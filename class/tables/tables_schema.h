/* The tables and views of grades.sqlite, as SQL. README.md says what is in them. */
#ifndef CLASS_TABLES_TABLES_SCHEMA_H
#define CLASS_TABLES_TABLES_SCHEMA_H

extern const char tables_schema[];

#endif

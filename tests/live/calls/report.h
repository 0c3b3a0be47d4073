/* The part of the report that only the main program uses. */
#ifndef REPORT_H
#define REPORT_H

void report_open(void);
int report_failures(void);
void report_write(int fd);

#endif

/*
 * cli_doctor.h - the parts of `posthaste doctor`: what this server does
 * (cli_doctor_local.c), what every client makes of an address (doctor
 * library), and how that is printed.
 */
#ifndef DAVD_CLI_DOCTOR_H
#define DAVD_CLI_DOCTOR_H

#include "autoconfig/doctor/live.h"
#include "davd/cli_command.h"

#include <stdio.h>

/* Try every service of this server, whose configuration is loaded and whose
 * store is open.  Prints a line each unless `quiet`; counts the faults.
 * Not OK, and told already: the address has no mailbox here. */
CHECKED result doctor_local(struct cli *, view address, bool quiet,
    unsigned *faults);

void doctor_print(const struct live_report *);
void doctor_print_json(const struct live_report *);

#endif

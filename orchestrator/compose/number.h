/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers between text and value, spelled as the reference implementation spells them.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_NUMBER_H
#define YAWL_ORCHESTRATOR_COMPOSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_TEXT_SIZE = 40 };

/* The shortest decimal text that reads back as the same number; `single` means the same float.
 * Exponents appear below 1e-4 and from 1e21 on. */
void number_format(double value, bool single, char ret_text[NUMBER_TEXT_SIZE]);

/* As above with JSON's limits: exponents below 1e-6 and from 1e21 on, without a leading zero in
 * them. */
void number_format_json(double value, bool single, char ret_text[NUMBER_TEXT_SIZE]);

/* A whole text as a decimal integer with an optional sign. */
bool number_parse_int(const char *text, int64_t *ret_value);

/* A whole text as a number: decimal or exponent form. */
bool number_parse_float(const char *text, double *ret_value);

/* A whole text of octal digits, with or without a leading "0o". */
bool number_parse_octal(const char *text, int64_t *ret_value);

#endif

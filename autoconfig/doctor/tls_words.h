/*
 * tls_words.h - what a certificate is not, in words for who must mend it.
 */
#ifndef DOCTOR_TLS_WORDS_H
#define DOCTOR_TLS_WORDS_H

/* `code`: an X509_V_ERR_ of OpenSSL.  A literal. */
const char *tls_fault(long code);

#endif

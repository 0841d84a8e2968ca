/* The server's side of TLS for tests, on memory as the engine is, with a certificate of its own
 * that is made when it is needed and never written but for the file that a client is to trust. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/check.h"
#include "net/tls.h"
#include "unit.h"

struct tls_server {
  SSL_CTX *context;
  SSL *ssl;
  BIO *in, *out;
};

/* A key and a certificate for `names` ("DNS:localhost"), signed by itself; written to `ca_file`. */
static inline SSL_CTX *tls_server_context(const char *names, const char *ca_file) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  CHECK(key && cert);
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_NAME *name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
  X509_set_issuer_name(cert, name);
  X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
  CHECK(alt && X509_add_ext(cert, alt, -1) && X509_set_pubkey(cert, key));
  X509_EXTENSION_free(alt);
  CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
  FILE *out = fopen(ca_file, "we");
  CHECK(out && PEM_write_X509(out, cert) && fclose(out) == 0);
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  CHECK(context && SSL_CTX_use_certificate(context, cert) == 1 &&
        SSL_CTX_use_PrivateKey(context, key) == 1);
  X509_free(cert);
  EVP_PKEY_free(key);
  return context;
}

/* Takes the context over. */
static inline void tls_server_init(struct tls_server *s, SSL_CTX *context) {
  *s = (struct tls_server){.context = context,
                           .ssl = SSL_new(context),
                           .in = BIO_new(BIO_s_mem()),
                           .out = BIO_new(BIO_s_mem())};
  CHECK(s->ssl && s->in && s->out);
  SSL_set_bio(s->ssl, s->in, s->out);
  SSL_set_accept_state(s->ssl);
}

static inline void tls_server_write_key(struct tls_server *s, const char *file) {
  FILE *out = fopen(file, "we");
  CHECK(out &&
        PEM_write_PrivateKey(out, SSL_CTX_get0_privatekey(s->context), NULL, NULL, 0, NULL, NULL) &&
        fclose(out) == 0);
}

static inline void tls_server_fini(struct tls_server *s) {
  SSL_free(s->ssl);
  SSL_CTX_free(s->context);
  ERR_clear_error();
}

static inline void tls_server_feed(struct tls_server *s, struct span wire) {
  CHECK(wire.n == 0 || BIO_write(s->in, wire.p, (int)wire.n) == (int)wire.n);
  if (!SSL_is_init_finished(s->ssl))
    SSL_do_handshake(s->ssl);
}

/* Appends what it has to send. */
static inline void tls_server_wire(struct tls_server *s, struct buf *out) {
  char bytes[4096];
  for (int n; (n = BIO_read(s->out, bytes, sizeof bytes)) > 0;)
    buf_add(out, bytes, (size_t)n);
}

static inline void tls_server_say(struct tls_server *s, const char *text) {
  CHECK(SSL_write(s->ssl, text, (int)strlen(text)) == (int)strlen(text));
}

/* The plaintext of one record, or less; 0 when there is none. */
static inline size_t tls_server_hear(struct tls_server *s, uint8_t *bytes, size_t room) {
  size_t n = 0;
  return SSL_read_ex(s->ssl, bytes, room, &n) ? n : 0;
}

#endif

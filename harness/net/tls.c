#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"

enum { ERROR_MAX = 512, SHOWN = 32, RECORD_HEADER = 5 };

/* The last session that a server offered to resume. */
struct kept {
  SSL_SESSION *session; /* NULL: none */
  char *host;
};

struct tls_trust {
  SSL_CTX *context;
  struct kept *kept;
};

struct tls_identity {
  SSL_CTX *context;
};

struct tls {
  const char *peer; /* what messages call it */
  SSL *ssl;
  char *host;    /* that the client's side connected to */
  BIO *in, *out; /* the ssl's */
  enum tls_state state;
  struct buf error;

  /* Where in the record that is coming the last byte was. */
  uint8_t header[RECORD_HEADER];
  size_t have, body; /* of the header; still to come of what follows it */
};

/* The oldest error of the library, which is then forgotten with all others. */
static void tell_library_error(struct buf *out, const char *peer) {
  unsigned long error = ERR_get_error();
  int reason = ERR_GET_REASON(error);
  const char *text = ERR_reason_error_string(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
    buf_addf(out, "%s sent the alert \"%s\"", peer,
             SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
  else if (ERR_SYSTEM_ERROR(error))
    buf_add_str(out, strerror(reason));
  else
    buf_add_str(out, text ? text : "an error without a name");
  ERR_clear_error();
}

/* A copy is kept, and another one is resumed: a connection that is freed without its close_notify
 * spoils the session that it has. */
static int session_cb(SSL *ssl, SSL_SESSION *session) {
  struct kept *kept = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  const struct tls *t = SSL_get_app_data(ssl);
  SSL_SESSION_free(kept->session);
  free(kept->host);
  kept->session = SSL_SESSION_dup(session);
  kept->host = xstrdup(t->host);
  return 0;
}

/* Whoever was believed for one host is not believed for another without being asked again. */
static void resume(SSL *ssl, const struct kept *kept, const char *host) {
  if (!kept->session || strcmp(kept->host, host) != 0)
    return;
  SSL_SESSION *copy = SSL_SESSION_dup(kept->session);
  CHECK(copy && SSL_set_session(ssl, copy) == 1);
  SSL_SESSION_free(copy);
}

struct tls_trust *tls_trust_new(const char *ca_file, struct buf *why) {
  ERR_clear_error();
  struct tls_trust *trust = xcalloc(1, sizeof *trust);
  trust->context = SSL_CTX_new(TLS_client_method());
  CHECK(trust->context);
  CHECK(SSL_CTX_set_min_proto_version(trust->context, TLS1_2_VERSION) == 1);
  trust->kept = xcalloc(1, sizeof *trust->kept);
  SSL_CTX_set_app_data(trust->context, trust->kept);
  SSL_CTX_set_session_cache_mode(trust->context,
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(trust->context, session_cb);
  SSL_CTX_set_verify(trust->context, SSL_VERIFY_PEER, NULL);
  if (SSL_CTX_load_verify_file(trust->context, ca_file) == 1)
    return trust;
  tell_library_error(why, "the file");
  tls_trust_free(trust);
  return NULL;
}

void tls_trust_free(struct tls_trust *trust) {
  if (!trust)
    return;
  SSL_CTX_free(trust->context);
  SSL_SESSION_free(trust->kept->session);
  free(trust->kept->host);
  free(trust->kept);
  free(trust);
}

struct tls_identity *tls_identity_new(const char *cert_file, const char *key_file,
                                      struct buf *why) {
  ERR_clear_error();
  struct tls_identity *identity = xcalloc(1, sizeof *identity);
  identity->context = SSL_CTX_new(TLS_server_method());
  SSL_CTX *context = identity->context;
  CHECK(context);
  CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
  /* Nothing follows a handshake of its own accord, and none is shortened. */
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  CHECK(SSL_CTX_set_num_tickets(context, 0) == 1);
  if (SSL_CTX_use_certificate_chain_file(context, cert_file) == 1 &&
      SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context) == 1)
    return identity;
  tell_library_error(why, "the file");
  tls_identity_free(identity);
  return NULL;
}

void tls_identity_free(struct tls_identity *identity) {
  if (!identity)
    return;
  SSL_CTX_free(identity->context);
  free(identity);
}

static void fail(struct tls *t) {
  t->state = TLS_FAILED;
  buf_reset(&t->error);
}

static void handshake_failed(struct tls *t) {
  long verified = SSL_get_verify_result(t->ssl);
  fail(t);
  if (verified == X509_V_OK) {
    buf_add_str(&t->error, "the handshake failed: ");
    tell_library_error(&t->error, t->peer);
    return;
  }
  buf_addf(&t->error, "the server's certificate is refused: %s",
           X509_verify_cert_error_string(verified));
  ERR_clear_error();
}

static void shake(struct tls *t) {
  ERR_clear_error();
  int n = SSL_do_handshake(t->ssl);
  if (n == 1)
    t->state = TLS_OPEN;
  else if (SSL_get_error(t->ssl, n) != SSL_ERROR_WANT_READ)
    handshake_failed(t);
}

/* A number is compared with the certificate's numbers, anything else with its names. */
static void set_host(SSL *ssl, const char *host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
    return;
  CHECK(SSL_set1_host(ssl, host) == 1);
  CHECK(SSL_set_tlsext_host_name(ssl, host) == 1);
}

static struct tls *tls_of(SSL_CTX *context, const char *peer) {
  struct tls *t = xcalloc(1, sizeof *t);
  t->peer = peer;
  buf_init(&t->error, ERROR_MAX);
  t->ssl = SSL_new(context);
  t->in = BIO_new(BIO_s_mem());
  t->out = BIO_new(BIO_s_mem());
  CHECK(t->ssl && t->in && t->out);
  SSL_set_app_data(t->ssl, t);
  SSL_set_bio(t->ssl, t->in, t->out);
  return t;
}

struct tls *tls_accept(const struct tls_identity *identity) {
  struct tls *t = tls_of(identity->context, "the client");
  SSL_set_accept_state(t->ssl);
  return t;
}

struct tls *tls_new(const struct tls_trust *trust, const char *host) {
  struct tls *t = tls_of(trust->context, "the server");
  t->host = xstrdup(host);
  SSL_set_connect_state(t->ssl);
  resume(t->ssl, trust->kept, host);
  set_host(t->ssl, host);
  shake(t);
  return t;
}

void tls_free(struct tls *t) {
  if (!t)
    return;
  SSL_free(t->ssl);
  free(t->host);
  buf_fini(&t->error);
  free(t);
}

enum tls_state tls_state(const struct tls *t) {
  return t->state;
}

const char *tls_error(struct tls *t) {
  return buf_cstr(&t->error);
}

static bool header_is_sound(const struct tls *t) {
  enum { FIRST_TYPE = 20, LAST_TYPE = 24, MAJOR = 3 };
  return t->header[0] >= FIRST_TYPE && t->header[0] <= LAST_TYPE &&
         (t->have < 2 || t->header[1] == MAJOR);
}

static void not_tls(struct tls *t, struct span rest) {
  struct buf shown;
  buf_init(&shown, RECORD_HEADER + SHOWN);
  buf_add(&shown, t->header, t->have);
  buf_add_span(&shown, span_sub(rest, 0, SHOWN));
  fail(t);
  buf_addf(&t->error, "what %s sends is no TLS: \"", t->peer);
  text_escape(&t->error, buf_span(&shown));
  buf_add_byte(&t->error, '"');
  buf_fini(&shown);
}

/* Follows the borders of records; false at what is no record. */
static bool follow(struct tls *t, struct span wire) {
  while (wire.n) {
    if (t->body > 0) {
      size_t n = wire.n < t->body ? wire.n : t->body;
      t->body -= n;
      wire = span_from(wire, n);
      continue;
    }
    t->header[t->have++] = wire.p[0];
    wire = span_from(wire, 1);
    if (!header_is_sound(t)) {
      not_tls(t, wire);
      return false;
    }
    if (t->have == RECORD_HEADER) {
      t->body = (size_t)t->header[3] << 8 | t->header[4];
      t->have = 0;
    }
  }
  return true;
}

void tls_feed(struct tls *t, struct span wire) {
  if (t->state == TLS_ENDED || t->state == TLS_FAILED || !follow(t, wire))
    return;
  CHECK(BIO_write(t->in, wire.p, (int)wire.n) == (int)wire.n);
  if (t->state == TLS_SHAKING)
    shake(t);
}

void tls_feed_end(struct tls *t) {
  if (t->state == TLS_ENDED || t->state == TLS_FAILED)
    return;
  bool shaking = t->state == TLS_SHAKING;
  if (!shaking && !t->have && !t->body) {
    t->state = TLS_ENDED;
    return;
  }
  fail(t);
  buf_addf(&t->error, "%s closed the connection within %s", t->peer,
           shaking ? "the handshake" : "a record");
}

size_t tls_read(struct tls *t, uint8_t *plain, size_t room) {
  size_t n = 0;
  if (t->state != TLS_OPEN)
    return 0;
  ERR_clear_error();
  int ok = SSL_read_ex(t->ssl, plain, room, &n);
  if (ok)
    return n;
  int error = SSL_get_error(t->ssl, ok);
  if (error == SSL_ERROR_ZERO_RETURN) {
    t->state = TLS_ENDED;
  } else if (error != SSL_ERROR_WANT_READ) {
    fail(t);
    tell_library_error(&t->error, t->peer);
  }
  return 0;
}

bool tls_seal(struct tls *t, struct span plain) {
  size_t n = 0;
  CHECK(plain.n > 0 && plain.n <= TLS_RECORD_MAX);
  if (t->state == TLS_ENDED || t->state == TLS_OPEN) {
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, plain.p, plain.n, &n) && n == plain.n)
      return true;
    fail(t);
    tell_library_error(&t->error, t->peer);
  }
  return false;
}

void tls_close(struct tls *t) {
  ERR_clear_error();
  if (t->state == TLS_OPEN || t->state == TLS_ENDED)
    SSL_shutdown(t->ssl);
  ERR_clear_error();
}

struct span tls_wire(const struct tls *t) {
  char *p;
  long n = BIO_get_mem_data(t->out, &p);
  return span_of(p, (size_t)n);
}

void tls_taken(struct tls *t, size_t n) {
  uint8_t scrap[TLS_RECORD_MAX];
  while (n > 0) {
    int got = BIO_read(t->out, scrap, (int)(n < sizeof scrap ? n : sizeof scrap));
    CHECK(got > 0);
    n -= (size_t)got;
  }
}

/* El Faro del Puerto: dice qué hora es aquí, quién lo enciende y de quién se fía. Un programa y nada más.
 *
 *   faro                       contesta por HTTP en el puerto PORT (8080)
 *   faro dirección:puerto      se conecta por TLS y dice si se fía de quien contesta
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char PAGE[] = "<!doctype html><html lang=\"es\"><meta charset=\"utf-8\"><title>Faro del Puerto</title>"
                           "<h1>Faro del Puerto</h1><p>El estado, en <a href=\"/salud\">/salud</a>.</p></html>\n";

/* Las autoridades de las que se fía: las del archivo que dice SSL_CERT_FILE o, si no, el de costumbre. */
static void trust(SSL_CTX *tls) {
  const char *file = getenv("SSL_CERT_FILE");
  SSL_CTX_load_verify_file(tls, file ? file : "/etc/ssl/certs/ca-certificates.crt");
  ERR_clear_error();
}

static int authorities(void) {
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  trust(tls);
  int count = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls)));
  SSL_CTX_free(tls);
  return count;
}

static int ask(const char *address) {
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  trust(tls);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
  BIO *web = BIO_new_ssl_connect(tls);
  SSL *secure = NULL;
  BIO_get_ssl(web, &secure);
  BIO_set_conn_hostname(web, address);
  int connected = 0; /* quien contesta puede estar arrancando todavía */
  for (int tries = 0; tries < 20 && !(connected = BIO_do_connect(web) > 0); tries++) {
    if (SSL_get_verify_result(secure) != X509_V_OK) break;
    BIO_reset(web);
    usleep(250000);
  }
  long verdict = SSL_get_verify_result(secure);
  if (connected)
    printf("%s: de fiar\n", address);
  else if (verdict != X509_V_OK)
    printf("%s: no es de fiar (%s)\n", address, X509_verify_cert_error_string(verdict));
  else
    printf("%s: no contesta\n", address);
  return connected ? 0 : 1;
}

static int state(char *text, size_t size) {
  char hour[32], zone[32];
  time_t now = time(NULL);
  struct tm *here = localtime(&now);
  strftime(hour, sizeof hour, "%Y-%m-%d %H:%M", here);
  strftime(zone, sizeof zone, "%Z", here);
  struct passwd *me = getpwuid(getuid());
  return snprintf(text, size,
                  "{\"estado\":\"bien\",\"hora\":\"%s\",\"zona\":\"%s\",\"desfase\":%ld,"
                  "\"usuario\":\"%s\",\"uid\":%u,\"autoridades\":%d}\n",
                  hour, zone, here->tm_gmtoff / 60, me ? me->pw_name : "", getuid(), authorities());
}

static void reply(int client) {
  char request[2048], body[1024];
  ssize_t length = read(client, request, sizeof request - 1);
  if (length <= 0) return;
  request[length] = '\0';
  const char *status = "200 OK", *type = "application/json";
  if (!strncmp(request, "GET /salud ", 11))
    state(body, sizeof body);
  else if (!strncmp(request, "GET / ", 6))
    type = "text/html; charset=utf-8", strcpy(body, PAGE);
  else
    status = "404 Not Found", strcpy(body, "{\"error\":\"no existe\"}\n");
  dprintf(client, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
          type, strlen(body), body);
}

static void leave(int number) {
  (void)number;
  _exit(0);
}

int main(int count, char **words) {
  if (count > 1) return ask(words[1]);
  signal(SIGTERM, leave); /* el proceso 1 de un contenedor no muere con SIGTERM si no lo atiende */
  signal(SIGINT, leave);
  signal(SIGPIPE, SIG_IGN);
  const char *wanted = getenv("PORT");
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(wanted ? atoi(wanted) : 8080)};
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (struct sockaddr *)&place, sizeof place) || listen(server, 16)) {
    perror("faro");
    return 1;
  }
  char text[1024];
  state(text, sizeof text);
  printf("Faro encendido. %s", text);
  fflush(stdout);
  for (;;) {
    int client = accept(server, NULL, NULL);
    if (client < 0) continue;
    reply(client);
    close(client);
  }
}

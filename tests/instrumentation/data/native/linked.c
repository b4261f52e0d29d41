/* Hashing and encryption linked into an SDK's own library: the names are OpenSSL's and BoringSSL's, and hidden, so that nothing but the
   symbol table tells of them. SHA-256 after FIPS 180-4; the "AEAD" only adds a tag of fixed bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HIDDEN __attribute__((noinline, visibility("hidden")))
typedef struct { uint32_t h[8]; uint64_t size; uint8_t block[64]; } SHA256_CTX;
static uint32_t K[64];
static uint32_t root(int n, int cube) { /* fractional bits of square and cube roots of the primes, by long arithmetic */
  unsigned __int128 low = 0, high = (unsigned __int128) 1 << 40;
  while (high - low > 1) {
    unsigned __int128 mid = (low + high) / 2;
    if (mid * mid * (cube ? mid : 1) <= (unsigned __int128) n << (cube ? 96 : 64)) low = mid; else high = mid;
  }
  return (uint32_t) low;
}
static int prime(int i) { int n = 1; for (; i >= 0; i--) for (int ok = 0; !ok;) { n++; ok = 1; for (int d = 2; d * d <= n; d++) if (n % d == 0) ok = 0; } return n; }
#define R(x, n) ((x) >> (n) | (x) << (32 - (n)))
static void mix(SHA256_CTX *c) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = c->block[4 * i] << 24 | c->block[4 * i + 1] << 16 | c->block[4 * i + 2] << 8 | c->block[4 * i + 3];
  for (int i = 16; i < 64; i++) w[i] = w[i - 16] + (R(w[i - 15], 7) ^ R(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] + (R(w[i - 2], 17) ^ R(w[i - 2], 19) ^ w[i - 2] >> 10);
  memcpy(v, c->h, 32);
  for (int i = 0; i < 64; i++) {
    uint32_t a = v[7] + (R(v[4], 6) ^ R(v[4], 11) ^ R(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    uint32_t b = (R(v[0], 2) ^ R(v[0], 13) ^ R(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 28);
    v[4] += a; v[0] = a + b;
  }
  for (int i = 0; i < 8; i++) c->h[i] += v[i];
}
HIDDEN int SHA256_Init(SHA256_CTX *c) {
  memset(c, 0, sizeof *c);
  for (int i = 0; i < 64; i++) K[i] = root(prime(i), 1);
  for (int i = 0; i < 8; i++) c->h[i] = root(prime(i), 0);
  return 1;
}
HIDDEN int SHA256_Update(SHA256_CTX *c, const void *data, size_t size) {
  for (size_t i = 0; i < size; i++) { c->block[c->size++ % 64] = ((const uint8_t *) data)[i]; if (c->size % 64 == 0) mix(c); }
  return 1;
}
HIDDEN int SHA256_Final(uint8_t *out, SHA256_CTX *c) {
  uint64_t bits = c->size * 8;
  uint8_t end[8], pad = 0x80;
  for (int i = 0; i < 8; i++) end[i] = (uint8_t) (bits >> (56 - 8 * i));
  do { SHA256_Update(c, &pad, 1); pad = 0; } while (c->size % 64 != 56);
  SHA256_Update(c, end, 8);
  for (int i = 0; i < 32; i++) out[i] = (uint8_t) (c->h[i / 4] >> (24 - 8 * (i % 4)));
  return 1;
}
typedef struct { uint8_t key[32]; size_t size; } EVP_AEAD_CTX;
HIDDEN const void *EVP_aead_aes_128_gcm(void) { static const char what = 1; return &what; }
HIDDEN const void *EVP_aead_chacha20_poly1305(void) { static const char what = 2; return &what; }
HIDDEN int EVP_AEAD_CTX_init(EVP_AEAD_CTX *c, const void *aead, const uint8_t *key, size_t size, size_t tag, void *impl) {
  memcpy(c->key, key, size); c->size = size; return aead != 0 && tag == 0 && impl == 0;
}
HIDDEN int EVP_AEAD_CTX_seal(EVP_AEAD_CTX *c, uint8_t *out, size_t *out_size, size_t room, const uint8_t *nonce, size_t nonce_size,
                             const uint8_t *in, size_t in_size, const uint8_t *ad, size_t ad_size) {
  if (room < in_size + 16 || nonce_size != 12 || ad_size != 2 || memcmp(ad, "ad", 2) != 0) return 0;
  for (size_t i = 0; i < in_size; i++) out[i] = in[i] ^ c->key[i % c->size] ^ nonce[0];
  memset(out + in_size, 0xEE, 16);
  *out_size = in_size + 16;
  return 1;
}
__attribute__((visibility("default"))) void sdk_run(const char *text) {
  SHA256_CTX hash;
  EVP_AEAD_CTX box;
  uint8_t out[64], key[16] = "sixteen byte key";
  size_t size;
  SHA256_Init(&hash); SHA256_Update(&hash, text, strlen(text)); SHA256_Final(out, &hash);
  for (int i = 0; i < 32; i++) printf("%02x", out[i]);
  printf("\n"); fflush(stdout);
  EVP_AEAD_CTX_init(&box, EVP_aead_chacha20_poly1305(), key, 16, 0, NULL);
  if (EVP_AEAD_CTX_seal(&box, out, &size, sizeof out, (const uint8_t *) "nonce123nonc", 12, (const uint8_t *) text, strlen(text), (const uint8_t *) "ad", 2) != 1) exit(9);
}

/* Stands in for Android's system properties: the same functions, one fixed property area, on any Linux. */
#include <stdint.h>
#include <string.h>
typedef struct { const char *name, *value; } prop_info;
static const prop_info area[] = {{"ro.serialno", "R58M123ABC"}, {"ro.product.model", "Practice"}, {"debug.harmless", "1"}};
const prop_info *__system_property_find(const char *name) {
  for (unsigned i = 0; i < 3; i++) if (strcmp(area[i].name, name) == 0) return &area[i];
  return 0;
}
int __system_property_read(const prop_info *pi, char *name, char *value) {
  if (name) strcpy(name, pi->name);
  strcpy(value, pi->value);
  return (int) strlen(value);
}
int __system_property_get(const char *name, char *value) {
  const prop_info *pi = __system_property_find(name);
  value[0] = 0;
  return pi ? __system_property_read(pi, 0, value) : 0;
}
void __system_property_read_callback(const prop_info *pi, void (*told)(void *, const char *, const char *, uint32_t), void *cookie) {
  told(cookie, pi->name, pi->value, 7);
}

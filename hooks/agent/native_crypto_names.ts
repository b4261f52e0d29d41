/// <reference path="./native.d.ts" />
/** What a C library says of its own objects: the name of a digest or cipher, lengths, direction. */

import type { StepCall } from "./native_crypto.js";
import { functionIn } from "./native_symbols.js";
import { textAt } from "./native_values.js";

const SIZES: Record<string, number> = { "MD5": 16, "SHA-1": 20, "SHA-224": 28, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };
/** BoringSSL has no function that names an AEAD; each is what a function of its own returns. */
const AEADS = ["aes_128_gcm", "aes_192_gcm", "aes_256_gcm", "chacha20_poly1305", "xchacha20_poly1305", "aes_128_gcm_siv", "aes_256_gcm_siv"];

/** Name of the algorithm of a call; null where the library does not say. */
export function nameOf(call: StepCall): string | null {
  const spec = call.step.algorithm;
  if (spec === "symbol") {
    return javaName(/^(?:mbedtls_)?(md5|sha\d+)/i.exec(call.site.symbol)?.[1] ?? call.site.symbol);
  }
  if (spec === "object") {
    return null;
  }
  const question = /^(hmac:)?(\w+)@(\d+)(?::([^:]*):([^:]*))?$/.exec(spec);
  if (question === null) {
    return spec;
  }
  const [, hmac, kind, index, off, on] = question;
  const name = kind === "flag" ? (call.words.int(Number(index)) !== 0 ? on! : off!) : ask(call, kind!, call.words.pointer(Number(index)));
  return name === null ? null : hmac === undefined ? name : `Hmac${name.replace("-", "")}`;
}

function ask(call: StepCall, kind: string, at: NativePointer): string | null {
  const library = call.site.library;
  if (at.isNull()) {
    return null;
  }
  switch (kind) {
    case "text":
      return javaName(textAt(at) ?? "");
    case "md":
      return described(library, at, ["EVP_MD_get0_name"], ["EVP_MD_get_type", "EVP_MD_type"]);
    case "md_ctx": {
      const md = answer(library, ["EVP_MD_CTX_get0_md", "EVP_MD_CTX_md"], at);
      return md === null || md.isNull() ? null : ask(call, "md", md);
    }
    case "cipher_ctx": {
      const cipher = answer(library, ["EVP_CIPHER_CTX_get0_cipher", "EVP_CIPHER_CTX_cipher"], at);
      return cipher === null || cipher.isNull() ? null : described(library, cipher, ["EVP_CIPHER_get0_name"], ["EVP_CIPHER_get_nid", "EVP_CIPHER_nid"]);
    }
    case "aead":
      return AEADS.find((name) => answer(library, [`EVP_aead_${name}`])?.equals(at) === true)?.toUpperCase().replace(/_/g, "-") ?? null;
    case "mbed_md": {
      const name = answer(library, ["mbedtls_md_get_name"], at);
      return name === null ? null : javaName(textAt(name) ?? "");
    }
    default:
      throw new Error(`unknown question ${kind}`);
  }
}

function described(library: string, at: NativePointer, byName: string[], byNumber: string[]): string | null {
  const direct = answer(library, byName, at);
  const name = direct ?? short(library, answer(library, byNumber, at));
  return name === null || name.isNull() ? null : javaName(textAt(name) ?? "");
}

function short(library: string, number: NativePointer | null): NativePointer | null {
  return number === null ? null : answer(library, ["OBJ_nid2sn"], number);
}

/** Ask the first of these functions that the library has. */
function answer(library: string, names: string[], argument: NativePointer = NULL): NativePointer | null {
  for (const name of names) {
    const asked = functionIn(library, name);
    if (asked !== null) {
      return asked(argument);
    }
  }
  return null;
}

/** The names that Java and the analysis use: `SHA2-256` and `SHA256` are `SHA-256`. */
function javaName(name: string): string {
  const sha = /^SHA-?2?-?(1|224|256|384|512)$/i.exec(name);
  return sha !== null ? `SHA-${sha[1]}` : /^md5$/i.test(name) ? "MD5" : name;
}

/** Length of a digest in bytes, or of a cipher's key. */
export function sizeOfDigest(call: StepCall, what: "output" | "key"): number {
  if (what === "key") {
    const object = call.words.pointer(call.step.object ?? 0);
    return answer(call.site.library, ["EVP_CIPHER_CTX_get_key_length", "EVP_CIPHER_CTX_key_length"], object)?.toInt32() ?? 0;
  }
  const name = nameOf(call) ?? "";
  const plain = name.replace(/^Hmac/, "").replace(/^SHA(\d)/, "SHA-$1");
  return SIZES[plain] ?? 0;
}

/** Encrypting or decrypting, where one function does both. */
export function operationOf(call: StepCall): string {
  const { step, words, site } = call;
  if (step.op === "by_argument") {
    return words.int(step.mode!) === 1 ? "encrypt" : "decrypt";
  }
  if (step.op !== "by_context") {
    return step.op;
  }
  const says = answer(site.library, ["EVP_CIPHER_CTX_is_encrypting", "EVP_CIPHER_CTX_encrypting"], words.pointer(step.object ?? 0));
  return says !== null && says.toInt32() === 0 ? "decrypt" : "encrypt";
}

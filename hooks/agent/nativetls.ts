/// <reference path="./traffic.d.ts" />
/** TLS of OpenSSL and BoringSSL where a library carries their symbols: key log, and certificates taken as they are.

    Facts: SSL_CTX_set_keylog_callback(ctx, cb(ssl, line)), SSL_new(ctx), X509_verify_cert(ctx) -> 1, SSL_get_verify_result(ssl) -> 0,
    X509_STORE_CTX_set_error(ctx, 0) (OpenSSL manual pages); SSL_CTX_set_custom_verify(ctx, mode, cb(ssl, alert) -> 0)
    and SSL_set_custom_verify (BoringSSL ssl.h). */

import { unprompted } from "./context.js";
import { isAgent, isSystem } from "./native_symbols.js";
import { certificateCheck } from "./native_sealed.js";
import { post } from "./outbox.js";
import type { Plan } from "./plan.js";
import { postKey } from "./traffic.js";

/** Toolkits that link BoringSSL statically and strip its symbols. */
const SEALED = /^lib(flutter|cocos2dcpp|UE4|Unreal)\.so$/;
const VERIFIED = 0;

let wanted: Plan["traffic"] = { pinning: false, keylog: false, quic: false };
const seen = new Set<string>();
/** Contexts that have their callback; addresses as text. */
const logged = new Set<string>();
const pinned = new Set<string>();

const Callback = (globalThis as any).NativeCallback;
const logLine = new Callback((_ssl: NativePointer, line: NativePointer) => postKey(line.readUtf8String() ?? ""), "void", ["pointer", "pointer"]);
const anyCertificate = new Callback((_ssl: NativePointer, _alert: NativePointer) => VERIFIED, "int", ["pointer", "pointer"]);

/** Look at every library that is loaded or comes. */
export function watchLibraries(traffic: Plan["traffic"]): void {
  wanted = traffic;
  if (traffic.pinning || traffic.keylog) {
    Process.attachModuleObserver({ onAdded: look });
  }
}

function look(module: Module): void {
  if (seen.has(module.path)) {
    return;
  }
  seen.add(module.path);
  try {
    if (!isSystem(module) && !isAgent(module) && own(module, "X509_verify_cert") === null && own(module, "SSL_new") === null && withoutSymbols(module)) {
      return;
    }
    if (wanted.keylog) {
      logKeys(module);
    }
    if (wanted.pinning) {
      acceptCertificates(module);
    }
  } catch (error) {
    post({ k: "gap", ...unprompted(), kind: "script_error", detail: `TLS of ${module.name} was not hooked: ${error}` });
  }
}

/** A library that may carry TLS of its own without symbols; true where it does, or is known to. */
function withoutSymbols(module: Module): boolean {
  const check = wanted.pinning || SEALED.test(module.name) ? certificateCheck(module) : null;
  if (check === null && !SEALED.test(module.name)) {
    return false;
  }
  if (check !== null && wanted.pinning) {
    acceptChain(module, check);
  }
  const pins = check === null ? "certificates that it pins stay pinned, and its keys are not logged" : "its keys are not logged";
  post({ k: "gap", ...unprompted(), kind: "tls_not_reachable", detail: `${module.name} carries its own TLS without symbols: ${pins}` });
  return true;
}

function acceptChain(module: Module, check: NativePointer): void {
  let told = false;
  Interceptor.attach(check, {
    onLeave(this: any, result: NativePointer) {
      if ((result.toInt32() & 0xff) !== 1) { // a C++ bool: the other bits say nothing
        result.replace(ptr(1));
        told = told || tell(module, `0x${check.sub(module.base).toString(16).replace("0x", "")}`);
      }
    },
  });
}

/** An export that the library itself defines: the look-up also finds those of the libraries it needs. */
function own(module: Module, name: string): NativePointer | null {
  const address = module.findExportByName(name);
  return address !== null && Process.findModuleByAddress(address)?.path === module.path ? address : null;
}

function logKeys(module: Module): void {
  const setter = module.findExportByName("SSL_CTX_set_keylog_callback");
  const maker = own(module, "SSL_new");
  if (setter === null || maker === null) {
    return;
  }
  const set = new NativeFunction(setter, "void", ["pointer", "pointer"]);
  const getter = module.findExportByName("SSL_CTX_get_keylog_callback");
  const get = getter === null ? null : new NativeFunction(getter, "pointer", ["pointer"]);
  Interceptor.attach(maker, {
    onEnter(args: NativePointer[]) {
      const context = args[0]!;
      if (!logged.has(context.toString())) {
        logged.add(context.toString());
        const other = get === null ? NULL : (get(context) as unknown as NativePointer);
        if (other.isNull()) { // an app that logs keys itself keeps its own callback
          set(context, logLine);
        }
      }
    },
  });
}

function acceptCertificates(module: Module): void {
  const verify = own(module, "X509_verify_cert");
  const setError = module.findExportByName("X509_STORE_CTX_set_error");
  if (verify !== null && setError !== null) {
    const clear = new NativeFunction(setError, "void", ["pointer", "int"]);
    let told = false;
    Interceptor.attach(verify, {
      onEnter(this: any, args: NativePointer[]) {
        this.context_ = args[0]!;
      },
      onLeave(this: any, result: NativePointer) {
        if (result.toInt32() !== 1) {
          clear(this.context_, VERIFIED);
          result.replace(ptr(1));
          told = told || tell(module, "X509_verify_cert");
        }
      },
    });
  }
  const outcome = own(module, "SSL_get_verify_result");
  if (outcome !== null) {
    Interceptor.attach(outcome, { onLeave: (result) => void result.replace(ptr(VERIFIED)) });
  }
  for (const name of ["SSL_CTX_set_custom_verify", "SSL_set_custom_verify"]) {
    const setter = own(module, name);
    if (setter !== null) {
      Interceptor.attach(setter, {
        onEnter(this: any, args: NativePointer[]) {
          args[2] = anyCertificate;
          if (!pinned.has(module.name)) {
            pinned.add(module.name);
            tell(module, name);
          }
        },
      });
    }
  }
}

function tell(module: Module, name: string): boolean {
  post({ k: "intervention", ...unprompted(), name: "pinning_bypass", place: `${module.name}!${name}` });
  return true;
}

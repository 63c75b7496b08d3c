// Leaks of others, which LeakSanitizer shall not report: part of every program of the asan preset.

// c-ares as gRPC 1.51 uses it: the sockets' states of name look-ups that were still under way when their channel ended.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libcares.so\n";
}

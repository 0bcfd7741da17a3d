/* The function of Windows' bcryptprimitives.dll that Rust's standard library imports. wine 8 does not have this DLL. */
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }

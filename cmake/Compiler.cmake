# Flags for our own code. Every warning is an error; third-party headers are included as SYSTEM.
add_library(forebay_flags INTERFACE)
target_compile_options(forebay_flags INTERFACE
  -Wall -Wextra -Werror -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -Wvla
  # Designated initializers leave out what has a default.
  -Wno-missing-field-initializers
  # x86-64-v3 is Haswell (2013) and later; AVX2 and BMI2 carry the column kernels.
  -march=x86-64-v3 -fno-omit-frame-pointer -fvisibility-inlines-hidden)
target_include_directories(forebay_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(FOREBAY_SANITIZER)
  # vptr needs the type information of every base class, which libraries built without it do not have.
  set(sanitize -fsanitize=${FOREBAY_SANITIZER} -fno-sanitize-recover=all -fno-sanitize=vptr)
  # GCC takes what instrumented code checks for uninitialized; the release build judges.
  target_compile_options(forebay_flags INTERFACE ${sanitize} -Wno-maybe-uninitialized)
  target_link_options(forebay_flags INTERFACE ${sanitize})
  if(FOREBAY_SANITIZER MATCHES thread)
    # It does not follow fences; Asio's handlers are ordered by its scheduler's mutex without them.
    target_compile_definitions(forebay_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  # Tests that fork start threads in the child, which ThreadSanitizer allows only when told.
  set(FOREBAY_SANITIZER_ENVIRONMENT UBSAN_OPTIONS=print_stacktrace=1
    "TSAN_OPTIONS=die_after_fork=0:suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan_suppressions.txt")
endif()

if(FOREBAY_FUZZ)
  # Clang warns of other things than GCC, which is the judge of them; fmt 9 takes it for a compiler that evaluates
  # its consteval constructors.
  target_compile_options(forebay_flags INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=function -Wno-error -w)
  target_compile_definitions(forebay_flags INTERFACE FMT_CONSTEVAL=)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
# Libraries in ../lib come first, as in the packaged folder; those of FOREBAY_DEPS follow by full path.
set(CMAKE_BUILD_RPATH "$ORIGIN/../lib")

# Flags for our own code. Every warning is an error; third-party headers are included as SYSTEM.
add_library(forebay_flags INTERFACE)
target_compile_options(forebay_flags INTERFACE
  -Wall -Wextra -Werror -Wno-missing-field-initializers
  # x86-64-v3 is Haswell (2013) and later; AVX2 and BMI2 carry the column kernels.
  -march=x86-64-v3 -fno-omit-frame-pointer -fvisibility-inlines-hidden)
target_include_directories(forebay_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(FOREBAY_SANITIZER)
  target_compile_options(forebay_flags INTERFACE -fsanitize=${FOREBAY_SANITIZER} -fno-sanitize-recover=all)
  target_link_options(forebay_flags INTERFACE -fsanitize=${FOREBAY_SANITIZER})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
# Libraries are looked up beside the program, so that the folder can be moved anywhere.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# forebay_room(NAME [USES room...] [PUBLIC lib...] [PRIVATE lib...])
# One static library per room from every .cc in its folder, and one test program from its tests/*_test.cc.

# Rooms whose tests `make test` also runs with the address and undefined-behaviour sanitizers.
set(FOREBAY_MEMORY_TESTED_ROOMS base format rpc storage client compute)

# What `make build` and `make test` ask for, whichever rooms have something to build yet.
add_custom_target(program)
add_custom_target(unit_tests)
add_custom_target(memory_tests)

if(FOREBAY_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
endif()

function(forebay_room name)
  cmake_parse_arguments(ARG "" "" "USES;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "(^|/)tests/")
  list(FILTER sources EXCLUDE REGEX "(^|/)tests/|^main.cc$")
  list(TRANSFORM ARG_USES PREPEND forebay_ OUTPUT_VARIABLE rooms)
  if(sources)
    add_library(forebay_${name} STATIC ${sources})
    target_link_libraries(forebay_${name}
      PUBLIC forebay_flags ${rooms} ${ARG_PUBLIC}
      PRIVATE ${ARG_PRIVATE})
  else()
    add_library(forebay_${name} INTERFACE)
    target_link_libraries(forebay_${name}
      INTERFACE forebay_flags ${rooms} ${ARG_PUBLIC} ${ARG_PRIVATE})
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    forebay_program(${name})
  endif()
  if(FOREBAY_TESTS AND tests)
    forebay_room_test(${name} "${tests}" "${ARG_PRIVATE}")
  endif()
endfunction()

# The room whose folder has a main.cc makes the program.
function(forebay_program room)
  add_executable(forebay main.cc)
  target_link_libraries(forebay PRIVATE deps::openssl forebay_${room})
  add_dependencies(program forebay)
endfunction()

function(forebay_room_test name sources libraries)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test
    PRIVATE deps::openssl forebay_${name} ${libraries} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  add_dependencies(unit_tests ${name}_test)
  set(labels unit)
  if(name IN_LIST FOREBAY_MEMORY_TESTED_ROOMS)
    list(APPEND labels memory)
    add_dependencies(memory_tests ${name}_test)
  endif()
  set_tests_properties(${name} PROPERTIES
    LABELS "${labels}" TIMEOUT 600 ENVIRONMENT "${FOREBAY_SANITIZER_ENVIRONMENT}")
endfunction()

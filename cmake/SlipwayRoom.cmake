# slipway_room(NAME [USES target…]): every .c file below the folder becomes the static library sw_NAME.
function(slipway_room name)
    cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
    add_library(sw_${name} STATIC ${sources})
    target_include_directories(sw_${name} PUBLIC "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(sw_${name} PUBLIC Threads::Threads ${ROOM_USES})
    if(SLIPWAY_FUZZ)
        target_compile_options(sw_${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
endfunction()

# slipway_embed(SOURCE DEFINE FILE): SOURCE is compiled with DEFINE as FILE's path, for SW_EMBED() of src/base/embed.h.
function(slipway_embed source define file)
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    set_source_files_properties("${CMAKE_CURRENT_SOURCE_DIR}/${source}" PROPERTIES
        COMPILE_DEFINITIONS "${define}=\"${path}\"" OBJECT_DEPENDS "${path}")
endfunction()

# slipway_test(NAME FILE USES target…): one cmocka program and its ctest entry.
function(slipway_test name file)
    cmake_parse_arguments(T "" "" "USES;DEFINES" ${ARGN})
    string(REPLACE "/" "_" target "test_${name}")
    add_executable(${target} ${file})
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(${target} PRIVATE ${T_USES} PkgConfig::CMOCKA)
    target_compile_definitions(${target} PRIVATE ${T_DEFINES})
    add_test(NAME "${name}" COMMAND ${target})
    set_tests_properties("${name}" PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

# slipway_unit_tests(ROOM USES target…): every tests/unit/ROOM/test_*.c by itself.
function(slipway_unit_tests room)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${room}/test_*.c")
    foreach(file ${files})
        get_filename_component(base "${file}" NAME_WE)
        string(REGEX REPLACE "^test_" "" base "${base}")
        slipway_test("unit/${room}/${base}" "${file}" ${ARGN})
    endforeach()
endfunction()

# slipway_fuzz(NAME USES target…): tests/fuzz/fuzz_NAME.c against tests/fuzz/corpus/NAME in plain ctest;
# with clang and -DSLIPWAY_FUZZ=ON also the libFuzzer program fuzz_NAME.
option(SLIPWAY_FUZZ "build libFuzzer programs (clang)" OFF)
function(slipway_fuzz name)
    cmake_parse_arguments(F "" "" "USES" ${ARGN})
    set(file "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c")
    add_executable(replay_${name} "${file}" "${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c")
    target_link_libraries(replay_${name} PRIVATE ${F_USES})
    add_test(NAME "fuzz/${name}" COMMAND replay_${name} "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
    set_tests_properties("fuzz/${name}" PROPERTIES TIMEOUT 300)
    if(SLIPWAY_FUZZ)
        add_executable(fuzz_${name} "${file}")
        target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_libraries(fuzz_${name} PRIVATE ${F_USES})
    endif()
endfunction()

# slipway_cli_tests(): every tests/cli/<verb>/<sentence>.sh, run in an empty folder of its own by run-case.
function(slipway_cli_tests)
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/cli/*/*.sh" "${PROJECT_SOURCE_DIR}/tests/interop/*.sh"
         "${PROJECT_SOURCE_DIR}/tests/guest/*.sh")
    foreach(file ${files})
        file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}/tests" "${file}")
        string(REGEX REPLACE "\\.sh$" "" name "${name}")
        add_test(NAME "${name}" COMMAND "${PROJECT_SOURCE_DIR}/tests/lib/run-case" "${file}")
        set_tests_properties("${name}" PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600
            ENVIRONMENT "SLIPWAY=$<TARGET_FILE:slipway>;SLIPWAY_SOURCE=${PROJECT_SOURCE_DIR};SLIPWAY_BUILD=${CMAKE_BINARY_DIR};SLIPWAY_SANITIZED=${SLIPWAY_SANITIZE}")
        # A case that launches an appliance says so in its first lines; two at once starve two processors, unless one stands still (0).
        file(STRINGS "${file}" marks REGEX "^# (appliance|timeout|fixture):" LIMIT_COUNT 4)
        foreach(mark ${marks})
            if(mark MATCHES "^# appliance: *0")
                set_tests_properties("${name}" PROPERTIES LABELS appliance)
            elseif(mark MATCHES "^# appliance:")
                set_tests_properties("${name}" PROPERTIES RESOURCE_LOCK appliance LABELS appliance COST 100)
            elseif(mark MATCHES "^# timeout: *([0-9]+)")
                set_tests_properties("${name}" PROPERTIES TIMEOUT ${CMAKE_MATCH_1})
            elseif(mark MATCHES "^# fixture: *([a-z0-9-]+)")
                set_tests_properties("${name}" PROPERTIES FIXTURES_REQUIRED ${CMAKE_MATCH_1})
            endif()
        endforeach()
    endforeach()
endfunction()

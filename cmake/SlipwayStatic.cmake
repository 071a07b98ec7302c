# slipway_static_program(NAME FILE… ): a static program that runs inside guests, so without sanitizers and without
# libraries of ours; others get it as bytes. NAME_FILE in the caller's scope is its path.
function(slipway_static_program name)
    get_directory_property(plain_compile COMPILE_OPTIONS)
    get_directory_property(plain_link LINK_OPTIONS)
    list(FILTER plain_compile EXCLUDE REGEX "-fsanitize|-fno-sanitize|profile|coverage")
    list(FILTER plain_link EXCLUDE REGEX "-fsanitize|profile|coverage")
    add_executable(${name} ${ARGN})
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
        COMPILE_OPTIONS "${plain_compile}" LINK_OPTIONS "${plain_link};-static;-s")
    set(${name}_FILE "${CMAKE_CURRENT_BINARY_DIR}/${name}" PARENT_SCOPE)
endfunction()

# The language, the warnings and the sanitizers.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "build type" FORCE)
endif()

option(SLIPWAY_WERROR "treat warnings as errors" ON)
set(SLIPWAY_SANITIZE "" CACHE STRING "sanitizers, such as address,undefined or thread")

add_compile_definitions(_GNU_SOURCE _FILE_OFFSET_BITS=64)
add_compile_options(
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual
    -fstack-protector-strong -fno-strict-aliasing)
if(SLIPWAY_WERROR)
    add_compile_options(-Werror)
endif()

if(SLIPWAY_SANITIZE)
    add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
    if(SLIPWAY_SANITIZE MATCHES "thread")
        add_compile_definitions(SLIPWAY_TSAN)
    endif()
else()
    add_compile_options($<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    add_link_options(-Wl,-z,relro,-z,now)
endif()

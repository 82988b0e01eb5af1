# Finds a JDK that is new enough and sets JAVA_HOME. Source it; needs POSIX sh only.
#
# Why: on many machines `java` on the PATH is an older one, and nobody should have to change that for Tenon.
# With tenon_need_compiler=no a JRE is enough (a distribution's start script).

tenon_java_release=25

# Prints the feature release of the java in $1, or nothing. Its release file says it without starting it.
tenon_java_major() {
  if [ -r "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
  fi
}

tenon_find_java() {
  for home in "${TENON_JAVA_HOME:-}" "${JAVA_HOME:-}" \
    /usr/lib/jvm/*-"$tenon_java_release"-* /usr/lib/jvm/* /opt/java/* /opt/jdk* \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/*; do
    [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
    [ "${tenon_need_compiler:-yes}" = no ] || [ -x "$home/bin/javac" ] || continue
    major=$(tenon_java_major "$home")
    [ -n "$major" ] && [ "$major" -ge "$tenon_java_release" ] && {
      printf '%s\n' "$home"
      return 0
    }
  done
  on_path=$(command -v java 2>/dev/null) || return 1
  home=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  [ "${tenon_need_compiler:-yes}" = no ] || [ -x "$home/bin/javac" ] || return 1
  major=$(tenon_java_major "$home")
  [ -n "$major" ] && [ "$major" -ge "$tenon_java_release" ] || return 1
  printf '%s\n' "$home"
}

JAVA_HOME=$(tenon_find_java) || {
  echo "No Java $tenon_java_release or newer was found." >&2
  echo "Looked at TENON_JAVA_HOME, JAVA_HOME, /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks and the PATH." >&2
  echo "Install a JDK $tenon_java_release (Debian, Ubuntu: temurin-25-jdk or openjdk-25-jdk), or set TENON_JAVA_HOME to one." >&2
  exit 1
}
export JAVA_HOME

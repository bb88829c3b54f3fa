"""Java programs from Maven for tests and benchmarks: where the JDK is, class paths, compiling, running."""
import os
import pathlib
import shutil
import subprocess

# Later ones are tried when JAVA_HOME is not set and the ones before are missing.
JDKS = ["/usr/lib/jvm/temurin-25-jdk-amd64", "/usr/lib/jvm/java-17-openjdk-amd64"]
OPENED_PACKAGES = ["java.lang", "java.lang.invoke", "java.lang.reflect", "java.math", "java.net", "java.nio", "java.text",
                   "java.time", "java.util", "java.util.concurrent", "java.util.concurrent.atomic",
                   "java.util.concurrent.locks"]
UNSAFE_MEMORY_WARNS_SINCE = 24


class Jdk:
    """A JDK, and Maven, which runs by it."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        release = (self.home / "release").read_text(encoding="utf-8")
        version = next(line for line in release.splitlines() if line.startswith("JAVA_VERSION="))
        self.major = int(version.split('"')[1].split(".")[0])

    def classpath(self, folder, file=None, *options):
        """The class path of the folder's pom.xml, from Maven; kept in the folder's target/ until pom.xml changes."""
        file = folder / "target" / (file or "classpath.txt")
        file.parent.mkdir(exist_ok=True)
        if not file.exists() or file.stat().st_mtime < (folder / "pom.xml").stat().st_mtime:
            quiet = "--sun-misc-unsafe-memory-access=allow" if self.major >= UNSAFE_MEMORY_WARNS_SINCE else ""
            subprocess.run(["mvn", "-q", "-B", "-Dstyle.color=never", "dependency:build-classpath",
                            f"-Dmdep.outputFile={file}", *options],
                           cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           env=os.environ | {"JAVA_HOME": str(self.home), "MAVEN_OPTS": quiet})
        return file.read_text(encoding="utf-8").strip()

    def jar(self, folder, artifact):
        """One jar by "group:name:version", without what it depends on: for one whose parent pom is not published."""
        _, name, version = artifact.split(":")
        jar = folder / "target/jars" / f"{name}-{version}.jar"
        if not jar.exists():
            jar.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}",
                            f"-DoutputDirectory={jar.parent}"],
                           cwd=jar.parent, check=True, env=os.environ | {"JAVA_HOME": str(self.home)},
                           stdin=subprocess.DEVNULL)
        return str(jar)

    def compile(self, sources, classes, jars):
        """Into the folder `classes`, when a source is newer than the last time; as Java 17, which every library reads."""
        mark = classes / ".compiled"
        newest = max(path.stat().st_mtime for path in sources)
        if mark.exists() and mark.stat().st_mtime > newest and mark.read_text(encoding="utf-8") == jars:
            return
        shutil.rmtree(classes, ignore_errors=True)
        classes.mkdir(parents=True)
        subprocess.run([str(self.home / "bin/javac"), "--release", "17", "-proc:none", "-nowarn", "-d", str(classes), "-cp", jars,
                        *map(str, sources)], check=True, stdin=subprocess.DEVNULL)
        mark.write_text(jars, encoding="utf-8")

    def command(self, *arguments):
        """A java command with the doors open that Arrow, Netty, RocksDB and Flink go through."""
        opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED_PACKAGES]
        if self.major >= UNSAFE_MEMORY_WARNS_SINCE:
            opens += ["--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"]
        return [str(self.home / "bin/java"), *opens, *map(str, arguments)]


def find_jdk(newest=None):
    """None when there is no JDK or no Maven. `newest` is the newest Java that the program can use."""
    if shutil.which("mvn") is None:
        return None
    homes = [os.environ["JAVA_HOME"]] if "JAVA_HOME" in os.environ else []
    for home in map(pathlib.Path, homes + JDKS):
        if (home / "bin/javac").exists() and (home / "release").exists():
            jdk = Jdk(home)
            if newest is None or jdk.major <= newest:
                return jdk
    return None

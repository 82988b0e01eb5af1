/** Linux as Tenon needs it: memory and system calls, by the foreign function interface, without native code of our own. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.linux;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

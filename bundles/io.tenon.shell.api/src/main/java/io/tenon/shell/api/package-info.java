/** People at a node's shell: who they are, what they may do, and what is written down of it. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.shell.api;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

/** For tests of whoever shares devices. */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.nvme.testing;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

<?xml version="1.0" encoding="utf-8"?>
<!-- How a browser shows /stat: a line for the server, a table per app, the clients of a stream under its row. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="html" encoding="utf-8" doctype-system="about:legacy-compat"/>

  <xsl:template match="/rtmp">
    <html lang="en">
      <head>
        <title>Weir: streams</title>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <style>
          :root { color-scheme: light dark; --line: #8884; --dim: #777; --live: #1a9f5c; }
          body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
          h1 { font-size: 1.4rem; margin: 0; }
          h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
          p { color: var(--dim); margin: .25rem 0; }
          .scroll { overflow-x: auto; }
          table { border-collapse: collapse; width: 100%; }
          th, td { border-bottom: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: left; white-space: nowrap; }
          th { color: var(--dim); font-weight: 500; }
          .n { text-align: right; font-variant-numeric: tabular-nums; }
          .live { color: var(--live); }
          .dim { color: var(--dim); }
          details table { margin: .5rem 0 .5rem 1.5rem; width: calc(100% - 1.5rem); font-size: .9em; }
        </style>
      </head>
      <body>
        <h1>Streams</h1>
        <p>
          <xsl:value-of select="nginx_version"/> ·
          up <xsl:call-template name="span"><xsl:with-param name="seconds" select="uptime"/></xsl:call-template> ·
          <xsl:value-of select="naccepted"/> connections so far
        </p>
        <p>
          in <xsl:call-template name="rate"><xsl:with-param name="bps" select="bw_in"/></xsl:call-template>
          (<xsl:call-template name="size"><xsl:with-param name="bytes" select="bytes_in"/></xsl:call-template>) ·
          out <xsl:call-template name="rate"><xsl:with-param name="bps" select="bw_out"/></xsl:call-template>
          (<xsl:call-template name="size"><xsl:with-param name="bytes" select="bytes_out"/></xsl:call-template>)
        </p>
        <xsl:apply-templates select="server/application"/>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="application">
    <h2><xsl:value-of select="name"/></h2>
    <xsl:choose>
      <xsl:when test="live/stream">
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Stream</th><th scope="col">State</th><th scope="col" class="n">Clients</th>
                <th scope="col" class="n">In</th><th scope="col" class="n">Out</th>
                <th scope="col">Picture</th><th scope="col">Sound</th><th scope="col" class="n">For</th>
              </tr>
            </thead>
            <tbody><xsl:apply-templates select="live/stream"/></tbody>
          </table>
        </div>
      </xsl:when>
      <xsl:otherwise><p>Nobody publishes here.</p></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="stream">
    <tr>
      <th scope="row"><xsl:value-of select="name"/></th>
      <td>
        <xsl:choose>
          <xsl:when test="publishing"><span class="live">● live</span></xsl:when>
          <xsl:otherwise><span class="dim">○ waiting for its publisher</span></xsl:otherwise>
        </xsl:choose>
      </td>
      <td class="n"><xsl:value-of select="nclients"/></td>
      <td class="n"><xsl:call-template name="rate"><xsl:with-param name="bps" select="bw_in"/></xsl:call-template></td>
      <td class="n"><xsl:call-template name="rate"><xsl:with-param name="bps" select="bw_out"/></xsl:call-template></td>
      <td><xsl:apply-templates select="meta/video"/></td>
      <td><xsl:apply-templates select="meta/audio"/></td>
      <td class="n">
        <xsl:call-template name="span"><xsl:with-param name="seconds" select="floor(time div 1000)"/></xsl:call-template>
      </td>
    </tr>
    <xsl:if test="client">
      <tr>
        <td colspan="8">
          <details>
            <summary>Clients</summary>
            <table>
              <thead>
                <tr>
                  <th scope="col">Number</th><th scope="col">Does</th><th scope="col">Address</th>
                  <th scope="col">Program</th><th scope="col" class="n">Skips</th>
                  <th scope="col" class="n">Sound before picture</th><th scope="col" class="n">For</th>
                </tr>
              </thead>
              <tbody><xsl:apply-templates select="client"/></tbody>
            </table>
          </details>
        </td>
      </tr>
    </xsl:if>
  </xsl:template>

  <xsl:template match="client">
    <tr>
      <td><xsl:value-of select="id"/></td>
      <td>
        <xsl:choose>
          <xsl:when test="publishing">publishes</xsl:when>
          <xsl:otherwise>watches</xsl:otherwise>
        </xsl:choose>
      </td>
      <td><xsl:value-of select="address"/></td>
      <td><xsl:value-of select="flashver"/></td>
      <td class="n"><xsl:value-of select="dropped"/></td>
      <td class="n"><xsl:value-of select="avsync"/> ms</td>
      <td class="n">
        <xsl:call-template name="span"><xsl:with-param name="seconds" select="floor(time div 1000)"/></xsl:call-template>
      </td>
    </tr>
  </xsl:template>

  <xsl:template match="meta/video">
    <xsl:value-of select="codec"/>
    <xsl:if test="profile"><xsl:text> </xsl:text><xsl:value-of select="profile"/></xsl:if>
    <xsl:if test="level"><xsl:text> </xsl:text><xsl:value-of select="level"/></xsl:if>
    <xsl:text>, </xsl:text><xsl:value-of select="width"/>×<xsl:value-of select="height"/>
    <xsl:if test="frame_rate &gt; 0"><xsl:text>, </xsl:text><xsl:value-of select="format-number(frame_rate, '0.##')"/>/s</xsl:if>
  </xsl:template>

  <xsl:template match="meta/audio">
    <xsl:value-of select="codec"/>
    <xsl:if test="profile"><xsl:text> </xsl:text><xsl:value-of select="profile"/></xsl:if>
    <xsl:text>, </xsl:text><xsl:value-of select="sample_rate div 1000"/><xsl:text> kHz, </xsl:text>
    <xsl:value-of select="channels"/><xsl:text> ch</xsl:text>
  </xsl:template>

  <xsl:template name="rate">
    <xsl:param name="bps"/>
    <xsl:choose>
      <xsl:when test="$bps &gt;= 1000000"><xsl:value-of select="format-number($bps div 1000000, '0.0')"/> Mbit/s</xsl:when>
      <xsl:otherwise><xsl:value-of select="format-number($bps div 1000, '0')"/> kbit/s</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="size">
    <xsl:param name="bytes"/>
    <xsl:choose>
      <xsl:when test="$bytes &gt;= 1000000000"><xsl:value-of select="format-number($bytes div 1000000000, '0.0')"/> GB</xsl:when>
      <xsl:otherwise><xsl:value-of select="format-number($bytes div 1000000, '0.0')"/> MB</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="span">
    <xsl:param name="seconds"/>
    <xsl:if test="$seconds &gt;= 86400"><xsl:value-of select="floor($seconds div 86400)"/> d </xsl:if>
    <xsl:if test="$seconds &gt;= 3600"><xsl:value-of select="floor($seconds div 3600) mod 24"/> h </xsl:if>
    <xsl:if test="$seconds &gt;= 60"><xsl:value-of select="floor($seconds div 60) mod 60"/> min </xsl:if>
    <xsl:value-of select="$seconds mod 60"/> s
  </xsl:template>
</xsl:stylesheet>

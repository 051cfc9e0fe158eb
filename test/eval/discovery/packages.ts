/**
 * Debian packages with Python command-line tools that serve as unseen data. A workspace is made of the named package
 * and of those of its dependencies that come from the same source. None of them is among the development data.
 */
export const PACKAGES: readonly string[] = `
  alembic ansible-core apt-listchanges asciinema bandit beets black borgbackup buku certbot check-manifest cloud-init
  cmake-format codespell cppman cpplint csvkit cutadapt ddgr debmake devscripts diffoscope-minimal dnsrecon dnsviz
  dput-ng duplicity eyed3 flake8 flit fonttools gallery-dl gcovr getmail6 git-buildpackage git-imerge git-review gitlint
  glances gunicorn httpie i18nspector img2pdf instaloader isort jc khal khard litecli magic-wormhole mypy offlineimap3
  osc patator pelican pipx pycodestyle pydocstyle pyflakes3 pylint python3-babel python3-build python3-can
  python3-celery python3-coverage python3-distributed python3-django python3-docutils python3-dotenv-cli python3-gffutils
  python3-impacket python3-invoke python3-jsonschema python3-keyring python3-markdown python3-mutagen python3-nbconvert
  python3-pdfminer python3-pydicom python3-pygments python3-rdflib python3-scrapy python3-serial python3-sphinx radon
  ranger rdiff-backup reportbug reprotest reuse rst2pdf rstcheck s-tui s3cmd scons sosreport speedtest-cli sqlformat
  sqlmap sshuttle streamlink subliminal supervisor svn2git tldr-py todoman towncrier tox translate-toolkit trash-cli
  twine umis unoconv urlscan vdirsyncer virtualenv visidata vmdb2 vulture xlsx2csv yamllint yapf3 yt-dlp`
  .split(/\s+/u)
  .filter((name) => name !== "");

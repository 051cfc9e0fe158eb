import type { CapabilityRule } from "../table.ts";
import { host } from "./scope.ts";

/** Packages that talk to other machines, and those that let others talk to this one. */
export const SERVICE_RULES: readonly CapabilityRule[] = [
  {
    capability: "network-access",
    why: "requests a web address",
    names: `requests.get requests.post requests.put requests.patch requests.delete requests.head requests.options
            requests.Session.get requests.Session.post requests.Session.put requests.Session.patch requests.Session.delete
            requests.Session.head requests.session.get requests.session.post httpx.get httpx.post httpx.put httpx.patch
            httpx.delete httpx.head httpx.options httpx.Client.get httpx.Client.post httpx.AsyncClient.get
            httpx.AsyncClient.post niquests.get niquests.post curl_cffi.requests.get curl_cffi.requests.post
            aiohttp.ClientSession.get aiohttp.ClientSession.post cloudscraper.create_scraper.get wget.download
            gdown.download pooch.retrieve feedparser.parse newspaper.Article trafilatura.fetch_url
            urllib3.PoolManager.urlopen tldextract.extract `,
    scope: host(0, "url"),
  },
  {
    capability: "network-access",
    why: "requests a web address",
    names: `requests.request requests.Session.request httpx.request httpx.stream httpx.Client.request httpx.Client.stream
            httpx.AsyncClient.request httpx.AsyncClient.stream urllib3.request urllib3.PoolManager.request
            aiohttp.request aiohttp.ClientSession.request `,
    scope: host(1, "url"),
  },
  {
    capability: "network-access",
    why: "connects to a server",
    names: `paramiko.Transport websockets.connect websockets.client.connect websockets.sync.client.connect
            websocket.create_connection websocket.WebSocketApp websocket.WebSocket.connect asyncssh.connect redis.Redis
            redis.StrictRedis redis.from_url redis.Redis.from_url redis.asyncio.Redis redis.asyncio.from_url aioredis.from_url
            pymongo.MongoClient motor.motor_asyncio.AsyncIOMotorClient mongoengine.connect psycopg2.connect psycopg.connect
            psycopg_pool.ConnectionPool asyncpg.connect asyncpg.create_pool pg8000.connect pymysql.connect aiomysql.connect
            MySQLdb.connect mysql.connector.connect mariadb.connect pymssql.connect pyodbc.connect cx_Oracle.connect
            oracledb.connect snowflake.connector.connect clickhouse_driver.Client clickhouse_connect.get_client
            databases.Database pika.BlockingConnection kafka.KafkaProducer kafka.KafkaConsumer confluent_kafka.Producer
            confluent_kafka.Consumer aiokafka.AIOKafkaProducer aiokafka.AIOKafkaConsumer kombu.Connection
            amqp.Connection stomp.Connection nats.connect ldap3.Server ldap.initialize dns.resolver.resolve dns.resolver.query
            dns.query.udp dns.query.tcp whois.whois grpc.insecure_channel grpc.secure_channel grpc.aio.insecure_channel
            grpc.aio.secure_channel elasticsearch.Elasticsearch elasticsearch.AsyncElasticsearch opensearchpy.OpenSearch
            neo4j.GraphDatabase.driver py2neo.Graph influxdb.InfluxDBClient influxdb_client.InfluxDBClient
            cassandra.cluster.Cluster couchdb.Server pymemcache.client.base.Client memcache.Client bmemcached.Client
            etcd3.client consul.Consul kazoo.client.KazooClient hazelcast.HazelcastClient paho.mqtt.client.Client.connect
            paho.mqtt.publish.single asyncio_mqtt.Client netmiko.ConnectHandler napalm.get_network_driver ncclient.manager.connect
            pysnmp.hlapi.* pysftp.Connection scp.SCPClient smbclient.* smb.SMBConnection.SMBConnection
            impacket.smbconnection.SMBConnection winrm.Session pymodbus.client.ModbusTcpClient opcua.Client asyncua.Client
            qdrant_client.QdrantClient weaviate.Client weaviate.connect_to_local pinecone.* pymilvus.connections.connect
            chromadb.HttpClient yagmail.SMTP imap_tools.MailBox imapclient.IMAPClient aiosmtplib.send exchangelib.Account
            socketio.Client socketio.AsyncClient rpyc.connect Pyro5.api.Proxy Pyro4.Proxy jsonrpclib.Server zeep.Client
            suds.client.Client gql.Client gql.transport.requests.RequestsHTTPTransport trino.dbapi.connect pyhive.hive.connect
            hdfs.InsecureClient vertica_python.connect ibm_db.connect firebirdsql.connect`,
    scope: host(0, "host"),
  },
  {
    capability: "network-access",
    why: "opens a database, which may be on another machine",
    names: `sqlalchemy.create_engine sqlalchemy.ext.asyncio.create_async_engine sqlmodel.create_engine
            flask_sqlalchemy.SQLAlchemy tortoise.Tortoise.init peewee.PostgresqlDatabase peewee.MySQLDatabase
             dataset.connect records.Database`,
    scope: host(0, "url"),
  },
  {
    capability: "filesystem-write",
    why: "opens a database, which may be a file",
    names:
      "sqlalchemy.create_engine sqlmodel.create_engine peewee.SqliteDatabase dataset.connect chromadb.PersistentClient",
  },
  {
    capability: "filesystem-read",
    why: "opens a database, which may be a file",
    names:
      "sqlalchemy.create_engine sqlmodel.create_engine peewee.SqliteDatabase dataset.connect chromadb.PersistentClient",
  },
  {
    capability: "network-access",
    why: "makes a client of a network service",
    names: `requests.Session requests.session httpx.Client httpx.AsyncClient aiohttp.ClientSession urllib3.PoolManager
            urllib3.ProxyManager urllib3.HTTPConnectionPool urllib3.HTTPSConnectionPool httplib2.Http pycurl.Curl treq.*
            grequests.* requests_futures.sessions.FuturesSession requests_html.HTMLSession requests_oauthlib.OAuth1Session
            requests_oauthlib.OAuth2Session authlib.integrations.requests_client.OAuth2Session cloudscraper.create_scraper
            mechanize.Browser mechanicalsoup.StatefulBrowser curl_cffi.requests.Session niquests.Session
            tornado.httpclient.HTTPClient tornado.httpclient.AsyncHTTPClient tornado.websocket.websocket_connect
            tornado.tcpclient.TCPClient twisted.internet.reactor.connectTCP twisted.internet.reactor.connectSSL
            twisted.internet.endpoints.clientFromString twisted.web.client.Agent gevent.socket.create_connection
            anyio.connect_tcp trio.open_tcp_stream paramiko.SSHClient paramiko.client.SSHClient fabric.Connection fabric.api.run
            fabric.api.sudo fabric.Group spur.SshShell plumbum.SshMachine parallel_ssh.* pssh.clients.* boto3.client
            boto3.resource boto3.Session boto3.session.Session botocore.session.get_session botocore.session.Session
            aioboto3.Session aiobotocore.session.get_session boto.connect_s3 boto.connect_ec2 boto.ec2.connect_to_region
            s3fs.S3FileSystem gcsfs.GCSFileSystem adlfs.* minio.Minio google.cloud.* google.auth.transport.* google.generativeai.*
            google.genai.* google.oauth2.* googleapiclient.discovery.build gspread.* pydrive.* pydrive2.* firebase_admin.*
            azure.storage.* azure.identity.* azure.keyvault.* azure.mgmt.* azure.ai.* azure.servicebus.* azure.eventhub.*
            azure.cosmos.* azure.devops.* azure.search.* azure.core.* msal.* msgraph.* openstack.connect openstack.connection.*
            novaclient.* keystoneauth1.* libcloud.* digitalocean.* hcloud.Client linode_api4.* oci.* cloudflare.* CloudFlare.*
            openai.* anthropic.* mistralai.* cohere.* groq.* ollama.* litellm.* replicate.* together.* voyageai.* ai21.*
            elevenlabs.* assemblyai.* deepgram.* langchain_openai.* langchain_anthropic.* langchain_google_genai.*
            langchain_community.* langchain_ollama.* langchain.llms.* langchain.chat_models.* langchain.document_loaders.*
            pydantic_ai.Agent.run pydantic_ai.Agent.run_sync pydantic_ai.Agent.run_stream pydantic_ai.Agent.iter
            pydantic_ai.Agent.to_cli pydantic_ai.Agent.to_cli_sync pydantic_ai.Agent.to_web pydantic_ai.Agent.to_ag_ui
            pydantic_ai.Agent.to_a2a smolagents.InferenceClientModel smolagents.HfApiModel smolagents.LiteLLMModel
            smolagents.LiteLLMRouterModel smolagents.OpenAIModel smolagents.OpenAIServerModel
            smolagents.AzureOpenAIModel smolagents.AzureOpenAIServerModel smolagents.AmazonBedrockModel
            smolagents.AmazonBedrockServerModel smolagents.WebSearchTool smolagents.DuckDuckGoSearchTool
            smolagents.GoogleSearchTool smolagents.ApiWebSearchTool smolagents.VisitWebpageTool
            smolagents.WikipediaSearchTool smolagents.load_tool smolagents.Tool.from_hub smolagents.Tool.from_space
            smolagents.ToolCollection.from_hub smolagents.ToolCollection.from_mcp smolagents.MCPClient
            llama_index.* instructor.from_openai dspy.LM crewai.* autogen.* semantic_kernel.*
            kubernetes.client.* kubernetes.config.* kubernetes_asyncio.* openshift.* docker.from_env docker.DockerClient
            docker.APIClient docker.Client podman.* github.Github github3.* ghapi.* gitlab.Gitlab bitbucket.* jira.JIRA
            atlassian.* confluence.* jenkins.Jenkins jenkinsapi.* sonarqube.* zapv2.* slack_sdk.* slack.WebClient slackclient.*
            slack_bolt.* telegram.* telebot.* telethon.* pyrogram.* aiogram.* discord.* disnake.* tweepy.* praw.* asyncpraw.*
            facebook.* instaloader.* instagrapi.* mastodon.* atproto.* twilio.* sendgrid.* mailchimp3.* mailjet_rest.* vonage.*
            messagebird.* stripe.* paypalrestsdk.* braintree.* shopify.* hubspot.* simple_salesforce.* notion_client.*
            airtable.* pyairtable.* dropbox.* boxsdk.* onedrivesdk.* sentry_sdk.init newrelic.agent.* datadog.* statsd.*
            prometheus_client.push_to_gateway pyzabbix.* splunklib.* playwright.sync_api.sync_playwright
            playwright.async_api.async_playwright selenium.webdriver.* webdriver_manager.* undetected_chromedriver.*
            splinter.Browser helium.* pyppeteer.launch appium.webdriver.* scrapy.* crawlee.* pytube.* yt_dlp.* youtube_dl.*
            spotipy.* lyricsgenius.* wikipedia.* wikipediaapi.* pywikibot.* arxiv.* scholarly.* yfinance.* alpha_vantage.*
            ccxt.* binance.* web3.* solana.* pandas_datareader.* quandl.* fredapi.* geopy.geocoders.* googlemaps.* osmnx.*
            openai_whisper.* speech_recognition.Recognizer.recognize_google gtts.gTTS googletrans.* deep_translator.*
             shodan.* censys.* virustotal_python.* scapy.* nmap.PortScanner pwn.remote pwnlib.tubes.remote.remote
            speedtest.Speedtest ping3.* icmplib.* zmq.Context zmq.asyncio.Context pynng.* nanomsg.* celery.Celery rq.Queue
            dramatiq.* huey.RedisHuey arq.* dask.distributed.Client distributed.Client ray.init pyspark.sql.SparkSession.builder
            wandb.* mlflow.set_tracking_uri neptune.* comet_ml.* hvac.Client onepasswordconnectsdk.* doppler.* ipfshttpclient.*
            git.Repo.clone_from git.Remote.fetch git.Remote.pull git.Remote.push pygit2.clone_repository dulwich.porcelain.clone
            dulwich.porcelain.fetch dulwich.porcelain.pull dulwich.porcelain.push cookiecutter.main.cookiecutter
            copier.run_copy pip.main pip._internal.main pip._internal.cli.main.main twine.commands.upload.upload
            xmlrpc.client.* pyVim.connect.SmartConnect proxmoxer.ProxmoxAPI pykube.* helm.* ansible_runner.* fsspec.filesystem
            smart_open.open cloudpathlib.* upath.UPath s3transfer.* nornir.* bluetooth.* bleak.* can.interface.Bus adb_shell.*`,
  },
  {
    capability: "network-listen",
    why: "starts a server",
    names: `flask.Flask.run flask_socketio.SocketIO.run quart.Quart.run sanic.Sanic.run uvicorn.run uvicorn.Server
            uvicorn.main hypercorn.run hypercorn.asyncio.serve daphne.server.Server granian.Granian waitress.serve
            gunicorn.app.* werkzeug.serving.run_simple gevent.pywsgi.WSGIServer eventlet.wsgi.server eventlet.listen
            meinheld.server.run cheroot.wsgi.Server aiohttp.web.run_app aiohttp.web.TCPSite bottle.run bottle.Bottle.run
            cherrypy.quickstart cherrypy.engine.start tornado.web.Application.listen tornado.httpserver.HTTPServer
            tornado.tcpserver.TCPServer  
            twisted.internet.reactor.listenTCP twisted.internet.reactor.listenSSL twisted.internet.reactor.listenUDP
            twisted.internet.endpoints.serverFromString websockets.serve websockets.server.serve
            websockets.sync.server.serve websocket_server.WebsocketServer simple_websocket_server.* socketio.Server
            grpc.server grpc.aio.server zmq.Socket.bind pynng.Rep0 rpyc.utils.server.ThreadedServer Pyro5.api.Daemon
            Pyro4.Daemon gradio.Interface.launch gradio.Blocks.launch gradio.ChatInterface.launch
            gradio.TabbedInterface.launch streamlit.web.cli.main streamlit.web.bootstrap.run dash.Dash.run
            dash.Dash.run_server bokeh.server.server.Server panel.serve nicegui.ui.run flet.app chainlit.run
            jupyter_server.serverapp.launch_new_instance notebook.notebookapp.main prometheus_client.start_http_server
            livereload.Server.serve pyftpdlib.servers.FTPServer aiosmtpd.controller.Controller asyncssh.create_server
            asyncssh.listen paramiko.Transport.start_server dnslib.server.DNSServer mitmproxy.tools.main.mitmdump
            anyio.create_tcp_listener fastmcp.FastMCP.run_http_async
            mcp.server.fastmcp.FastMCP.run_sse_async mcp.server.fastmcp.FastMCP.run_streamable_http_async
            trio.serve_tcp asyncio.loop.create_server .create_server `,
  },
  {
    capability: "network-listen",
    why: "serves over the network where it is not told to use standard input",
    names: "mcp.server.fastmcp.FastMCP.run fastmcp.FastMCP.run fastmcp.FastMCP.run_async",
    when: { kind: "is-other-than", position: 0, keyword: "transport", text: "stdio" },
  },
  {
    capability: "stdin",
    why: "serves over standard input and output",
    names: "mcp.server.stdio.stdio_server",
  },
];
